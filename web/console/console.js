// The plain console: sends a query, shows the answer, offers the examples, and finds words in the schema.
// The API key is kept as long as this browser tab (session storage, shared with GraphiQL) and goes only into a header.
'use strict';

const element = (id) => document.getElementById(id);
const [ask, example, query, variables, key] = ['ask', 'example', 'query', 'variables', 'key'].map(element);
const [statusLine, answer, find, found, schema] = ['status', 'answer', 'find', 'found', 'schema'].map(element);
const KEY = 'silkroutes:api-key';
let asked = 0;

async function load(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response;
}

// ---- Asking

async function run() {
  const turn = ++asked;
  const body = { query: query.value };
  if (!body.query.trim()) return say('There is no query to run.', '', query);
  if (variables.value.trim()) {
    try {
      body.variables = JSON.parse(variables.value);
    } catch (error) {
      return say(`Not sent: the variables are not JSON (${error.message}).`, '', variables);
    }
  }
  const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json;q=0.9' };
  if (key.value.trim()) headers.authorization = `Bearer ${key.value.trim()}`;
  statusLine.textContent = 'Running.';
  const start = performance.now();
  try {
    const response = await fetch('/graphql', { method: 'POST', headers, body: JSON.stringify(body) });
    const text = await response.text();
    if (turn !== asked) return;
    const time = `${response.status} ${response.statusText}`.trim() + `, ${Math.round(performance.now() - start)} ms`;
    let json;
    try {
      json = JSON.parse(text);
    } catch {
      return say(`${time}, the answer is not JSON.`, text);
    }
    const count = json.errors?.length ?? 0;
    const errors = count === 0 ? 'no errors' : count === 1 ? '1 error' : `${count} errors`;
    say(`${time}, ${text.length.toLocaleString('en')} characters, ${errors}.`, JSON.stringify(json, null, 2));
  } catch (error) {
    if (turn === asked) say(`No answer: ${error.message}.`, '');
  }
}

function say(status, text, place) {
  statusLine.textContent = status;
  answer.textContent = text;
  answer.scrollTop = 0;
  place?.focus();
}

ask.addEventListener('submit', (event) => {
  event.preventDefault();
  run();
});
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  run();
});
key.value = sessionStorage.getItem(KEY) ?? '';
key.addEventListener('input', () => {
  if (key.value.trim()) sessionStorage.setItem(KEY, key.value.trim());
  else sessionStorage.removeItem(KEY);
});

// ---- Examples

async function loadExamples() {
  const { graphiql, examples } = await (await load('/examples.json')).json();
  element(graphiql ? 'full' : 'build').hidden = false;
  examples.forEach(({ title }, index) => example.add(new Option(title, String(index))));
  const show = ({ query: text, variables: values }) => {
    query.value = text;
    query.setSelectionRange(0, 0);
    query.scrollTop = 0;
    variables.value = values;
  };
  example.addEventListener('change', () => {
    if (example.value) show(examples[Number(example.value)]);
  });
  if (!query.value && examples.length) {
    show(examples[0]);
    example.value = '0';
  }
}

// ---- Schema

async function loadSchema() {
  const parts = definitions(await (await load('/schema.graphql')).text());
  const search = () => {
    const wanted = find.value.trim().toLowerCase();
    const hits = wanted ? parts.filter((part) => part.toLowerCase().includes(wanted)) : parts;
    schema.replaceChildren(...hits.flatMap((part, index) => [...(index ? ['\n\n'] : []), ...marked(part, wanted)]));
    schema.scrollTop = 0;
    found.textContent = wanted
      ? `${hits.length} of ${parts.length} definitions contain “${find.value.trim()}”.`
      : `${parts.length} definitions.`;
  };
  let wait;
  find.addEventListener('input', () => {
    clearTimeout(wait);
    wait = setTimeout(search, 200);
  });
  search();
}

// Definitions have blank lines between them; one within a description or a type does not part them.
function definitions(text) {
  const parts = [];
  let part = '';
  for (const piece of text.trim().split(/\n\s*\n/)) {
    part += (part && '\n\n') + piece;
    const open = part.split('"""').length % 2 === 0 || /\{[^}]*$/.test(part);
    if (open) continue;
    parts.push(part);
    part = '';
  }
  return part ? [...parts, part] : parts;
}

function marked(text, wanted) {
  if (!wanted) return [text];
  const pieces = [];
  const lower = text.toLowerCase();
  let from = 0;
  for (let at; (at = lower.indexOf(wanted, from)) >= 0; from = at + wanted.length) {
    const mark = document.createElement('mark');
    mark.textContent = text.slice(at, at + wanted.length);
    pieces.push(text.slice(from, at), mark);
  }
  return [...pieces, text.slice(from)];
}

loadExamples().catch((error) => say(`The examples did not load: ${error.message}.`, ''));
loadSchema().catch((error) => (found.textContent = `The schema did not load: ${error.message}.`));
