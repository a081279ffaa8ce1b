// The API-key box. The key lives in this browser tab only (session storage, shared with the plain console),
// goes into the Authorization header, and never into a link, a history entry or the editor's own storage.
import { useState } from 'react';

const PLACE = 'silkroutes:api-key';

export const apiKey = () => sessionStorage.getItem(PLACE) ?? '';

export function ApiKeyBox() {
  const [value, setValue] = useState(apiKey);
  const change = (event) => {
    const key = event.target.value.trim();
    setValue(key);
    if (key) sessionStorage.setItem(PLACE, key);
    else sessionStorage.removeItem(PLACE);
  };
  return (
    <form className="api-key" onSubmit={(event) => event.preventDefault()}>
      <label htmlFor="api-key">API key</label>
      <input
        id="api-key"
        type="password"
        autoComplete="off"
        spellCheck={false}
        placeholder="none: anonymous"
        value={value}
        onChange={change}
      />
    </form>
  );
}
