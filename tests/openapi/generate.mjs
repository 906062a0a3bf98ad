// Makes requests out of openapi.json: valid ones by the schemas, and ones with something wrong. Everything follows from
// the seed and from what the daemon answered before (ids).

/** Numbers from a seed (mulberry32). */
export function randomOf(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (n) => Math.floor(next() * n);
  return { next, below, chance: (p) => next() < p, pick: (list) => list[below(list.length)] };
}

/** What a string of a pattern may look like. A pattern that is new in the description needs a line here. */
const BY_PATTERN = {
  '^([0-9]{4}-[0-9]{2}-[0-9]{2})?$': ['2026-11-22', '2024-02-29', ''],
  '^[+-]?[0-9]{1,18}$': ['1', '12', '+7', '-3', '000', '999999999999999999'],
  '^[0-9+\\- ]+$': ['13900000001', '+86 139-0000', '00000'],
  '\\S': ['任务', 'a', ' x ', '客户 😀'],
  '^[A-Za-z0-9_-]{1,64}$': ['C1', 'P1', 'P2', '202601281644031088', '_-', 'x'.repeat(64)],
  '^[0-9+() -]{0,32}$': ['', '13900000001', '+86 139-0000 0001', '(0571) 8888', '1'.repeat(32)],
  '^[01](,[01]){0,9}$': ['0', '1', '0,1', '1,1,0'],
};

/** Values that have broken programs before. */
const EVIL = [null, true, false, 0, -1, 1.5, 1e308, -1e308, 9007199254740993, 2147483648, '', ' ', '0', '-1', '1.0', '1e3',
  'true', 'null', '9223372036854775807', '9223372036854775808', '٣', "' or 1=1; --", '%', '_', '\\', '"', '\n', '\u0001',
  '\u0000', 'a\u0000b', '\u202e', '😀', 'é', '<script>', '${x}', '../../etc', '2026-02-30', '2026-13-01', '9999-12-31',
  '0000-00-00', '1900-01-01 00:00:00', '2026-11-22 25:00', ';;;', ',,,', 'a,b,c;d', [], {}, [null], [[]], [{}], { a: 1 },
  [1, 'a', null, {}]];
/** The same as JSON text that JSON.stringify does not write. */
const EVIL_TEXT = ['9223372036854775807', '-9223372036854775808', '9223372036854775808', '18446744073709551615',
  '18446744073709551616', '1844674407370955161599', '1e400', '-0', '0.1e-400', '"\\ud800"', '"\\udc00x"', '"\\u0000"'];

export class Generator {
  /** `pool`: ids that were seen, by the name of their member. */
  constructor(contract, random, pool) {
    Object.assign(this, { contract, random, pool });
  }

  /** A value that a schema takes. `name`: the member it is for, which may know better. */
  valid(schema, name = '', depth = 0) {
    const { random } = this;
    const [s] = this.contract.resolve(schema, '');
    const known = this.known(name);
    if (known !== undefined) return known;
    if ('const' in s) return s.const;
    if (s.enum) return random.pick(s.enum);
    if (s.anyOf) return this.valid(random.pick(s.anyOf), '', depth);
    if (s.oneOf) return this.valid(random.pick(s.oneOf), '', depth);
    if (s.allOf) return this.valid(s.allOf[0], '', depth);
    const type = random.pick([s.type].flat());
    switch (type) {
      case 'null': return null;
      case 'boolean': return random.chance(0.5);
      case 'integer': return this.number(s);
      case 'string': return this.text(s);
      case 'array': {
        const least = s.minItems ?? 0;
        const length = least + random.below(Math.min((s.maxItems ?? 4) - least, 4) + 1);
        return Array.from({ length }, () => this.valid(s.items ?? {}, '', depth + 1));
      }
      case 'object': {
        const out = {};
        const members = Object.entries(s.properties ?? {});
        const likely = Math.min(0.4, 2 / members.length); // a filter of many members matches nobody
        for (const [member, part] of members) {
          if (s.required?.includes(member) || random.chance(likely)) out[member] = this.valid(part, member, depth + 1);
        }
        return out;
      }
      default: return random.pick([1, 'a', null]);
    }
  }

  /** Members whose value must mean something to get further than the first check. */
  known(name) {
    const { random, pool } = this;
    if (/_(start|end)$/.test(name)) {
      const year = name.endsWith('_start') ? 2025 : 2027;
      const one = () => `${year}-0${1 + random.below(9)}-1${random.below(10)}${random.pick(['', ' 08:30:00', ' 08:30'])}`;
      return random.pick(['', one(), `${one()};${one()}`]);
    }
    if (name === 'startTime' || name === 'endTime') return random.pick(['', `${name === 'startTime' ? 2025 : 2027}-01-1${random.below(10)}${random.pick(['', ' 08:30'])}`]);
    if (/_ranges$/.test(name)) return random.pick(['', '2025-01-01,2025-02-01', '2025-01-01,2027-01-01;,2027-01-02']);
    if (name === 'leads_type') return random.pick(['A', 'B', 'A,B', 'Z', '']);
    if (name === 'page' || name === 'page_size') return undefined;
    if (pool[name]?.length > 0 && random.chance(0.85)) return random.pick(pool[name]);
    return undefined;
  }

  number(s) {
    const low = s.minimum ?? -5;
    const high = s.maximum ?? low + 40;
    return this.random.pick([low, high, low + this.random.below(Math.min(high - low, 1000) + 1)]);
  }

  text(s) {
    const { random } = this;
    if (s.pattern) {
      const samples = BY_PATTERN[s.pattern];
      if (!samples) throw new Error(`generate.mjs knows no text of the pattern ${s.pattern}`);
      return random.pick(samples.filter((one) => [...one].length >= (s.minLength ?? 0) && [...one].length <= (s.maxLength ?? 99)));
    }
    const longest = Math.min(s.maxLength ?? 40, 2000);
    const length = random.chance(0.02) ? longest : Math.max(s.minLength ?? 0, random.below(Math.min(longest, 12) + 1));
    return Array.from({ length }, () => random.pick([...'abcXYZ019-_.外呼客户😀'])).join('');
  }

  evil() {
    const { random } = this;
    if (random.chance(0.05)) return 'x'.repeat(random.pick([101, 256, 5000, 25000]));
    if (random.chance(0.05)) return Array.from({ length: random.pick([11, 501, 2000]) }, () => random.pick([0, 'a', null]));
    return random.pick(EVIL);
  }

  /** Puts something wrong somewhere into a JSON value; answers the new one. */
  spoil(value) {
    const { random } = this;
    if (value !== null && typeof value === 'object' && Object.keys(value).length > 0 && random.chance(0.9)) {
      const copy = Array.isArray(value) ? [...value] : { ...value };
      const key = random.pick(Object.keys(copy));
      if (!Array.isArray(copy) && random.chance(0.15)) delete copy[key];
      else if (!Array.isArray(copy) && random.chance(0.1)) copy[`${key}_`] = this.evil();
      else copy[key] = random.chance(0.3) ? this.spoil(copy[key]) : this.evil();
      return copy;
    }
    return this.evil();
  }

  /** Text that is no JSON object, or one that is hard to read. */
  brokenText(text) {
    const { random } = this;
    switch (random.below(10)) {
      case 0: return text.slice(0, random.below(text.length + 1));
      case 1: return `${text.slice(0, -1)},}`;
      case 2: return random.pick(['[]', '[{}]', '1', '"a"', 'null', 'true', '', ' ', 'NaN', '{"a":}', "{'a':1}", '{"a":1}x']);
      case 3: return `${'['.repeat(random.pick([33, 1000, 100000]))}`;
      case 4: return `{"a":${'['.repeat(31)}${']'.repeat(31)}}`;
      case 5: return `\uFEFF${text}`;
      case 6: return Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from([0x22, 0xff, 0xfe, 0x22])]);
      case 7: return text.replace(/:(\d+|"[^"]*")/, `:${random.pick(EVIL_TEXT)}`);
      case 8: return `{"task_id":${random.pick(EVIL_TEXT)},"task_name":${random.pick(EVIL_TEXT)},"page":${random.pick(EVIL_TEXT)}}`;
      default: return `{"task_id":1,"task_id":"x",${text.slice(1)}`;
    }
  }
}
