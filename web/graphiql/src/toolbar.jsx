// What stands around GraphiQL's own controls: the share button, the list of examples, the API key, the ways out.
import { ToolbarButton, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { useState } from 'react';
import { ApiKeyBox } from './api-key.jsx';
import { examples } from './examples.js';
import { shareLink } from './share.js';

export function ShareButton() {
  const { queryEditor, variableEditor, operationName } = useGraphiQL((state) => ({
    queryEditor: state.queryEditor,
    variableEditor: state.variableEditor,
    operationName: state.operationName,
  }));
  const [label, setLabel] = useState('Copy a link to this query');
  const share = async () => {
    const link = await shareLink({
      query: queryEditor?.getValue() ?? '',
      variables: variableEditor?.getValue(),
      operationName,
    });
    try {
      await navigator.clipboard.writeText(link);
      setLabel('Link copied');
    } catch {
      // No clipboard here (plain HTTP on a network address): the address bar holds the link instead.
      history.replaceState(null, '', link);
      setLabel('The link is in the address bar');
    }
    setTimeout(setLabel, 4000, 'Copy a link to this query');
  };
  return (
    <ToolbarButton className="share" onClick={share} label={label}>
      <svg className="graphiql-toolbar-icon" viewBox="0 0 16 16" fill="none" stroke="currentColor" aria-hidden="true">
        <path d="M6.5 9.5l3-3M7 4.5l1.6-1.6a3 3 0 0 1 4.3 4.3L11.3 8.8M9 11.5l-1.6 1.6a3 3 0 0 1-4.3-4.3l1.6-1.6" strokeWidth="1.4" strokeLinecap="round" />
      </svg>
    </ToolbarButton>
  );
}

export function ExampleMenu() {
  const actions = useGraphiQLActions();
  const { queryEditor, variableEditor } = useGraphiQL((state) => ({
    queryEditor: state.queryEditor,
    variableEditor: state.variableEditor,
  }));
  const open = (event) => {
    const example = examples[event.target.value];
    actions.addTab();
    queryEditor?.setValue(example.query);
    variableEditor?.setValue(example.variables);
  };
  return (
    <select className="examples" aria-label="Open an example in a new tab" value="" onChange={open}>
      <option value="" disabled>
        Examples
      </option>
      {examples.map(({ title }, index) => (
        <option key={title} value={index}>
          {title}
        </option>
      ))}
    </select>
  );
}

export function Footer({ fault }) {
  return (
    <div className="footer">
      {fault && <p role="alert">The schema did not load ({fault}). Queries still run; completion and documentation do not.</p>}
      <ApiKeyBox />
      <ExampleMenu />
      <nav aria-label="Elsewhere">
        <a href="/console">Plain console</a> <a href="/schema.graphql">Schema</a> <a href="/THIRD-PARTY.txt">Licences</a>
      </nav>
    </div>
  );
}
