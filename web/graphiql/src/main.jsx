// Starts GraphiQL on this server's schema. The first two imports must stay first: see the files.
import './nonce.js';
import './workers.js';
import './accessible-tabs.js';
import 'graphiql/style.css';
import '@graphiql/plugin-explorer/style.css';
import './page.css';
import { GraphiQL } from 'graphiql';
import { createRoot } from 'react-dom/client';
import { examples } from './examples.js';
import { plugins } from './plugins.js';
import { fetchAnswer, fetchSchema } from './server.js';
import { takeShared } from './share.js';
import { Footer, ShareButton } from './toolbar.jsx';

// Examples at the first visit; afterwards the tabs that the reader left; a shared query in a tab of its own.
function initialTabs(shared) {
  if (localStorage.getItem('graphiql:tabState')) {
    return shared ? { initialQuery: shared.query, initialVariables: shared.variables } : {};
  }
  const tabs = shared ? [shared, ...examples] : examples;
  const defaultTabs = tabs.map(({ query, variables }) => ({ query, variables }));
  // GraphiQL 5.4 drops the variables of the first default tab unless they are given here as well.
  return { defaultTabs, initialVariables: defaultTabs[0].variables };
}

function App({ schema, fault, tabs }) {
  return (
    <GraphiQL
      fetcher={fetchAnswer}
      schema={schema}
      dangerouslyAssumeSchemaIsValid
      plugins={plugins}
      shouldPersistHeaders={false}
      defaultEditorToolsVisibility="variables"
      {...tabs}
    >
      <GraphiQL.Logo>
        <h1>Silkroutes</h1>
      </GraphiQL.Logo>
      <GraphiQL.Toolbar>
        {({ prettify, merge, copy }) => (
          <>
            {prettify}
            {merge}
            {copy}
            <ShareButton />
          </>
        )}
      </GraphiQL.Toolbar>
      <GraphiQL.Footer>
        <Footer fault={fault} />
      </GraphiQL.Footer>
    </GraphiQL>
  );
}

const [[schema, fault], shared] = await Promise.all([
  fetchSchema().then((schema) => [schema, null], (error) => [null, error.message]),
  takeShared(),
]);
createRoot(document.getElementById('app')).render(<App schema={schema} fault={fault} tabs={initialTabs(shared)} />);
