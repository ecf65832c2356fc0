// What React Native adds to its engine, as far as axios and the package ask for it, and no more: no `crypto`, no `AbortSignal.any`,
// no `signal.reason`, no `URL.origin`, no `Array.prototype.at`. The fetch plays the script in the URL, as the server of the smoke suite does.
(function install(global) {
  global.self = global;
  global.window = global;
  global.navigator = { product: 'ReactNative' };
  const say = global.print;
  global.console = { log: say, warn: say, error: say, info: say, debug: say };
  global.performance = { now: () => Date.now() };
  global.clearTimeout = global.clearTimeout || (() => undefined);

  // The timers of the bare engine fire in the order in which they were set, whatever they were to wait for.
  const soon = global.setTimeout;
  const timers = [];
  let count = 0;
  const turn = () => {
    timers.sort((a, b) => a.due - b.due || a.id - b.id);
    if (timers.length > 0 && timers[0].due <= Date.now()) timers.shift().callback();
    if (timers.length > 0) soon(turn, 0);
  };
  global.setTimeout = (callback, ms) => {
    count += 1;
    timers.push({ id: count, due: Date.now() + Math.max(ms || 0, 0), callback });
    if (timers.length === 1) soon(turn, 0);
    return count;
  };
  global.clearTimeout = (id) => {
    const at = timers.findIndex((timer) => timer.id === id);
    if (at >= 0) timers.splice(at, 1);
  };

  class AbortSignal {
    constructor() {
      this.aborted = false;
      this.listeners = [];
    }
    addEventListener(_type, listener) {
      this.listeners.push(listener);
    }
    removeEventListener(_type, listener) {
      this.listeners = this.listeners.filter((other) => other !== listener);
    }
  }
  global.AbortSignal = AbortSignal;
  global.AbortController = class AbortController {
    constructor() {
      this.signal = new AbortSignal();
    }
    abort() {
      if (this.signal.aborted) return;
      this.signal.aborted = true;
      const event = { type: 'abort', target: this.signal };
      for (const listener of this.signal.listeners.slice()) listener.call(this.signal, event);
    }
  };

  global.URL = class URL {
    constructor(url) {
      this.href = String(url);
    }
    get origin() {
      throw new Error('URL.origin is not implemented');
    }
  };

  const ledger = {};
  global.sent = ledger;
  const wait = (ms, value) => new Promise((resolve) => global.setTimeout(() => resolve(value), ms));
  const headersOf = (fields) => ({
    get: (name) => fields[name.toLowerCase()] || null,
    forEach: (each) => {
      for (const name of Object.keys(fields)) each(fields[name], name);
    },
    [Symbol.iterator]: () =>
      Object.keys(fields)
        .map((name) => [name, fields[name]])
        [Symbol.iterator](),
  });

  global.fetch = (input, init) => {
    const [, id, steps] = /^\w+:\/\/[^/]+\/([^/]+)\/(.+)$/.exec(String(input));
    ledger[id] = ledger[id] || [];
    const sends = ledger[id];
    sends.push({ method: init.method, headers: init.headers, body: init.body });
    const script = steps.split('-');
    const step = script[Math.min(sends.length, script.length) - 1];
    const answer = wait(1).then(() => {
      if (step === 'reset') throw new TypeError('Network request failed');
      if (step === 'stall') return new Promise(() => undefined);
      const fields = { 'content-type': 'application/json' };
      if (step === 'hint') fields['retry-after-ms'] = '30';
      const status = step === 'hint' ? 429 : Number(step);
      const text = JSON.stringify({ attempt: sends.length });
      return {
        ok: status < 400,
        status,
        statusText: '',
        headers: headersOf(fields),
        url: String(input),
        text: () => wait(1, text),
        json: () => wait(1, JSON.parse(text)),
        clone: () => undefined,
      };
    });
    const { signal } = init;
    if (!signal) return answer;
    const aborted = new Promise((_resolve, reject) => {
      const abort = () => reject(Object.assign(new Error('Aborted'), { name: 'AbortError' }));
      if (signal.aborted) abort();
      else signal.addEventListener('abort', abort);
    });
    return Promise.race([answer, aborted]);
  };
})(globalThis);
