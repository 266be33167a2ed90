// The JSON interface. The browser's own cache does what ETags promise.

const BASE = '/api/v1';
let session = null;

/** Why a request failed: what RFC 9457 says of it. */
export class Problem extends Error {
  constructor(status, title, detail) {
    super(detail);
    this.status = status;
    this.title = title;
  }
}

async function call(method, path, { body, headers = {} } = {}) {
  let response;
  try {
    response = await fetch(BASE + path, {
      method,
      headers: { Accept: 'application/json', ...(body ? { 'Content-Type': 'application/json' } : {}), ...headers },
      body: body ? JSON.stringify(body) : undefined,
      credentials: 'same-origin',
    });
  } catch (error) {
    throw new Problem(0, 'No connection', 'the guard does not answer; this page tries again by itself');
  }
  if (!response.ok) throw await problem(response);
  return response.status === 204 ? null : response.json();
}

async function problem(response) {
  const said = await response.json().catch(() => ({}));
  return new Problem(response.status, said.title ?? response.statusText, said.detail ?? 'no reason was given');
}

export const get = (path) => call('GET', path);

/** Every page of a list, in one. */
export async function all(path) {
  const items = [];
  let next = null;
  do {
    const page = await get(`${path}?limit=500${next === null ? '' : `&after=${encodeURIComponent(next)}`}`);
    items.push(...page.items);
    next = page.next;
  } while (next !== null);
  return items;
}

/** Sends something, with proof that this page sends it. */
export const post = (path, body) => call('POST', path, { body, headers: { 'X-CSRF-Token': session?.csrfToken ?? '' } });

/** Who we are here. */
export async function whoAmI() {
  session = await get('/session');
  return session;
}

export async function signIn(token) {
  session = await call('POST', '/session', { headers: { Authorization: `Bearer ${token}` } });
  return session;
}

export async function signOut() {
  await call('DELETE', '/session', { headers: { 'X-CSRF-Token': session?.csrfToken ?? '' } });
  return whoAmI();
}

/** Whether we may act. */
export const mayAct = () => ['OPERATOR', 'ADMIN'].includes(session?.role);

/** The address of a run's part. */
export const ofRun = (run, part = '') => `/runs/${encodeURIComponent(run)}${part}`;
