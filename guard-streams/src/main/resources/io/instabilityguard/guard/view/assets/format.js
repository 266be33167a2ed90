// Numbers and times for people.

/** A number with about four digits; a dash when there is none. */
export function number(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  const size = Math.abs(value);
  if (value === 0) return '0';
  if (size >= 1e6 || size < 1e-3) return value.toExponential(2).replace('e+', 'e');
  return String(Number(value.toPrecision(4)));
}

/** A step or a count. */
export const whole = (value) => (value === null || value === undefined || value < 0 ? '–' : value.toLocaleString('en-US'));

/** A share of 1. */
export const share = (value) => (value === null || value === undefined ? '–' : `${Math.round(value * 100)} %`);

/** How long, from milliseconds. */
export function duration(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

/** A time of day, with the day when it is not today. */
export function time(ms) {
  const then = new Date(ms);
  const clock = then.toLocaleTimeString('en-GB');
  return then.toDateString() === new Date().toDateString() ? clock : `${then.toISOString().slice(0, 10)} ${clock}`;
}

const KINDS = {
  APPLY_MSIGN: 'Repair weights (MSign)', REPROJECT_HC: 'Re-project hyper-connections', SWITCH_HC: 'Switch hyper-connections',
  ENABLE_KSS: 'Enable Koopman penalty', DISABLE_KSS: 'Disable Koopman penalty', SCALE_LEARNING_RATE: 'Scale learning rate',
  SAVE_CHECKPOINT: 'Save checkpoint', REWIND_AND_SKIP: 'Rewind and skip', PAUSE: 'Pause', CLIP_ATTENTION_LOGITS: 'Clip attention logits',
  SAMPLE_EVERY: 'Sample oftener', ROLL_BACK: 'Roll back', CANCEL: 'Cancel',
};

/** A kind of command in words. */
export const kind = (name) => KINDS[name] ?? name;

/** A name in camel case or capitals, in words. */
export const words = (name) => name.replace(/_/g, ' ').replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();

/** The beginning of a hash. */
export const hash = (hex) => (hex ? hex.slice(0, 12) : '–');

/** Parameters of a command in one line. */
export const parameters = (named) => Object.entries(named ?? {}).map(([name, value]) => `${name} ${number(value)}`).join(', ');
