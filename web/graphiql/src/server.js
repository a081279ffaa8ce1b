// What the page asks of the server: the schema as text, and the answers to operations.
import { buildSchema } from 'graphql';
import { apiKey } from './api-key.jsx';

// The schema comes as a file: no introspection, so limits on depth and cost cannot get in its way.
export async function fetchSchema() {
  const response = await fetch('/schema.graphql');
  if (!response.ok) throw new Error(`/schema.graphql answered ${response.status}`);
  return buildSchema(await response.text(), { assumeValid: true });
}

// GraphiQL's fetcher. Headers typed into its own editor win over the API-key box.
export async function fetchAnswer({ query, variables, operationName }, { headers } = {}) {
  const key = apiKey();
  // For a moment after a change of tab, GraphiQL still names the operation of the tab before.
  const named = operationName && new RegExp(`\\b${operationName}\\b`).test(query);
  const operation = { query, variables, ...(named && { operationName }) };
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: {
      accept: 'application/graphql-response+json, application/json;q=0.9',
      'content-type': 'application/json',
      ...(key && { authorization: `Bearer ${key}` }),
      ...headers,
    },
    body: JSON.stringify(operation),
  });
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return { errors: [{ message: `The server answered ${response.status} without JSON: ${text.slice(0, 500)}` }] };
  }
}
