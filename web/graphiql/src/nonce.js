// Must be imported first: the editor makes <style> elements while it runs, and the page's content security policy
// lets only those in that carry the nonce of this answer.
const nonce = document.querySelector('meta[property="csp-nonce"]')?.nonce;
const createElement = document.createElement.bind(document);

document.createElement = (name, options) => {
  const element = createElement(name, options);
  if (nonce && element instanceof HTMLStyleElement) element.nonce = nonce;
  return element;
};
