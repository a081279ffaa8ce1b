// The examples: one tab for each file of ../examples, in the order of their names.
const queries = import.meta.glob('../examples/*.graphql', { query: '?raw', import: 'default', eager: true });
const variables = import.meta.glob('../examples/*.variables.json', { query: '?raw', import: 'default', eager: true });

export const examples = Object.entries(queries)
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([path, query]) => ({
    title: /^#\s*(.+)$/m.exec(query)[1],
    query,
    variables: variables[path.replace(/\.graphql$/, '.variables.json')] ?? '',
  }));
