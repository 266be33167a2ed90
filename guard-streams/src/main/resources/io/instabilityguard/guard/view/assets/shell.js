// What all pages share: navigation, connection, theme, who is signed in.

import { at, h, put } from './dom.js';
import { get, signIn, signOut, whoAmI } from './api.js';
import { connection, follow } from './live.js';
import { time } from './format.js';

const PAGES = [['fleet', 'Fleet', '/'], ['approvals', 'Approvals', '/approvals.html'], ['ledger', 'Ledger', '/ledger.html'], ['policy', 'Policy', '/policy.html']];

/**
 * Builds the header and keeps the page fresh: `refresh(runs)` shows everything (null) or what concerns the runs that changed.
 */
export async function mount(current, refresh) {
  const state = h('span', { class: 'live', role: 'status', 'data-state': 'down' }, 'connecting');
  const badge = h('span', { class: 'badge', hidden: true });
  const who = h('span', { id: 'who' });
  put(at('top'), h('div', {},
    h('a', { class: 'brand', href: '/' }, h('img', { src: '/icon.svg', alt: '' }), 'Instability Guard'),
    h('nav', { 'aria-label': 'Pages' }, PAGES.map(([id, label, href]) =>
      h('a', { href, 'aria-current': id === current ? 'page' : null }, label, id === 'approvals' ? [' ', badge] : null))),
    h('div', { class: 'who' }, state, themeButton(), who)));
  const banner = h('div', { class: 'banner', role: 'alert' });
  at('top').after(banner);

  let again = () => {};
  const showWho = (session) => put(who, session.signedIn
    ? h('span', {}, `${session.name} (${session.role.toLowerCase()}) `, h('button', { onclick: async () => changed(await signOut()) }, 'Sign out'))
    : h('button', { onclick: () => askForToken(changed) }, 'Sign in'));
  const changed = (session) => { showWho(session); again(); };
  const showState = () => {
    const isLive = connection.state === 'live' && connection.feed === 'LIVE';
    state.dataset.state = isLive ? 'up' : 'down';
    put(state, isLive ? 'live' : connection.state === 'live' ? connection.feed.replace('_', ' ').toLowerCase() : 'not connected');
    put(banner, ...explain());
  };

  showWho(await firstSession());
  again = follow(async (runs) => {
    showBadge(badge);
    await refresh(runs);
  }, showState);
  return again;
}

function explain() {
  if (connection.state === 'down') {
    const since = connection.lastHeardMs ? ` What you see is from ${time(connection.lastHeardMs)}.` : '';
    return [`Not connected to the guard.${since} This page tries again by itself.`];
  }
  if (connection.feed === 'DISCONNECTED') return ['The guard cannot reach Kafka: what you see is old. It tries again by itself.'];
  if (connection.feed === 'CATCHING_UP') return ['The guard is still reading its topics: what you see is not complete yet.'];
  return [];
}

/** Signs in with the token in the address, if there is one, and takes it out of the address. */
async function firstSession() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token) {
    history.replaceState(null, '', location.pathname + location.search);
    try {
      return await signIn(token);
    } catch (problem) {
      console.warn(problem.message);
    }
  }
  return whoAmI().catch(() => ({ signedIn: false, role: 'ANYONE' }));
}

async function showBadge(badge) {
  try {
    const { items } = await get('/proposals');
    badge.hidden = items.length === 0;
    badge.textContent = `${items.length}`;
    badge.setAttribute('aria-label', `${items.length} waiting`);
    badge.setAttribute('role', 'img');
  } catch (problem) {
    badge.hidden = true;
  }
}

/** Asks for a token in a dialog; `done(session)` when it is known. */
export function askForToken(done) {
  const error = h('p', { role: 'alert', class: 'soft' });
  const input = h('input', { type: 'password', id: 'token', autocomplete: 'current-password', required: true });
  const dialog = h('dialog', { 'aria-labelledby': 'sign-in-title' },
    h('form', { method: 'dialog' },
      h('h2', { id: 'sign-in-title' }, 'Sign in'),
      h('p', {}, h('label', { for: 'token' }, 'Token, as the administrator gave it to you or as ', h('code', {}, './guard up'), ' printed it')),
      input, error,
      h('div', { class: 'bar' }, h('button', { class: 'primary', type: 'submit' }, 'Sign in'),
        h('button', { type: 'button', onclick: () => dialog.close() }, 'Cancel'))));
  dialog.addEventListener('close', () => dialog.remove());
  dialog.querySelector('form').addEventListener('submit', async (event) => {
    event.preventDefault();
    try {
      const session = await signIn(input.value.trim());
      dialog.close();
      done(session);
    } catch (problem) {
      error.textContent = problem.message;
    }
  });
  document.body.append(dialog);
  dialog.showModal();
}

function themeButton() {
  const root = document.documentElement;
  const isDark = () => (root.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark';
  const button = h('button', { 'aria-pressed': String(isDark()) }, 'Dark');
  button.addEventListener('click', () => {
    root.dataset.theme = isDark() ? 'light' : 'dark';
    localStorage.setItem('theme', root.dataset.theme);
    button.setAttribute('aria-pressed', String(isDark()));
    dispatchEvent(new Event('themechange'));
  });
  return button;
}
