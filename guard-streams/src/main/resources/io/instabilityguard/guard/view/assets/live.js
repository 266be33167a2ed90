// Hints from the server about what has changed. After any gap everything is asked for once.

const SILENCE_MS = 20_000;
const REST_MS = 1_000;
const LONGEST_WAIT_MS = 15_000;

/** What the page knows of the server's clock and of the connection. */
export const connection = { state: 'connecting', feed: 'CATCHING_UP', offsetMs: 0, lastHeardMs: 0 };

/** The server's time now. */
export const serverNow = () => Date.now() + connection.offsetMs;

/**
 * Calls `onChange(runs)` with the runs that changed, or null for "anything may have", one call at a time, and `onState()` when the connection's state changes.
 */
export function follow(onChange, onState) {
  let wait = 1000;
  let source = null;
  let watchdog = 0;
  let due = new Set();
  let isBusy = false;

  const set = (state) => {
    if (connection.state !== state) {
      connection.state = state;
      onState();
    }
  };

  const drain = async () => {
    if (isBusy || due.size === 0) return;
    isBusy = true;
    const runs = due.has(null) ? null : due;
    due = new Set();
    try {
      await Promise.all([onChange(runs), new Promise((rest) => { setTimeout(rest, REST_MS); })]);
    } finally {
      isBusy = false;
      if (due.size > 0) drain();
    }
  };

  const lost = () => {
    source?.close();
    set('down');
    clearTimeout(watchdog);
    watchdog = setTimeout(open, wait);
    wait = Math.min(LONGEST_WAIT_MS, wait * 2);
  };

  const heard = (event) => {
    const change = JSON.parse(event.data);
    connection.offsetMs = change.serverTimeMs - Date.now();
    connection.lastHeardMs = Date.now();
    wait = 1000;
    clearTimeout(watchdog);
    watchdog = setTimeout(lost, SILENCE_MS);
    const isBack = connection.state !== 'live';
    if (connection.feed !== change.feed) {
      connection.feed = change.feed;
      onState();
      due.add(null);
    }
    set('live');
    (isBack ? [null] : change.runs).forEach((run) => due.add(run));
    drain();
  };

  const open = () => {
    source = new EventSource('/api/v1/stream');
    source.addEventListener('changed', heard);
    source.onerror = lost;
    watchdog = setTimeout(lost, SILENCE_MS);
  };

  open();
  return () => { due.add(null); drain(); };
}
