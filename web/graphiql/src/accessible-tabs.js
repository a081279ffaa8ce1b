// GraphiQL 5.4 says that each list entry of its tab bar is a tab, and puts buttons inside it, which a screen reader
// cannot make sense of. What stands there is a list of buttons, one of them current; this says so.
const LIST = '[role="tablist"]';
const ENTRY = '.graphiql-tab';

function mend() {
  for (const list of document.querySelectorAll(LIST)) if (list.querySelector(ENTRY)) list.role = 'list';
  for (const entry of document.querySelectorAll(`${ENTRY}[aria-selected]`)) {
    const current = entry.getAttribute('aria-selected');
    entry.removeAttribute('aria-selected');
    entry.role = 'listitem';
    entry.querySelector('.graphiql-tab-button')?.setAttribute('aria-current', current);
  }
}

// `aria-selected` comes back with each change of tab, and with each new one.
new MutationObserver(mend).observe(document.getElementById('app'), {
  attributeFilter: ['aria-selected'],
  childList: true,
  subtree: true,
});
