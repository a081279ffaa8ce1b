// GraphiQL's plugins. The explorer is the one part that its makers have left still: set this to false to do without it.
import { explorerPlugin } from '@graphiql/plugin-explorer';
import { HISTORY_PLUGIN } from '@graphiql/plugin-history';

const EXPLORER = true;

// One array for the life of the page: GraphiQL closes the open panel when it is given another.
export const plugins = [HISTORY_PLUGIN, ...(EXPLORER ? [explorerPlugin({ showAttribution: false })] : [])];
