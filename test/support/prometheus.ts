/** A parser of Prometheus's text format 0.0.4, strict where scrapers are. */
import assert from 'node:assert/strict';

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly series: readonly Sample[];
}

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (-?(?:\d[\d.e+-]*|\+?Inf)|NaN)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;

/** Families by name. Fails the test at what is not of the format. */
export function parsePrometheus(text: string): ReadonlyMap<string, Family> {
  assert.ok(text.endsWith('\n'), 'the last line has no end');
  const families = new Map<string, { name: string; type: string; help: string; series: Sample[] }>();
  let current = { name: '', type: '', help: '', series: [] as Sample[] };
  for (const line of text.split('\n').slice(0, -1)) {
    const [, help, type, name = '', rest = ''] = /^# (?:(HELP)|(TYPE)) (\S+) (.*)$/.exec(line) ?? [];
    if (help !== undefined) {
      assert.ok(!families.has(name), `${name} comes twice`);
      current = { name, type: '', help: rest, series: [] };
      families.set(name, current);
    } else if (type !== undefined) {
      assert.equal(name, current.name);
      current.type = rest;
    } else {
      const sample = parseSample(line);
      assert.ok(isOf(sample.name, current), `${sample.name} is under ${current.name}`);
      current.series.push(sample);
    }
  }
  return families;
}

function isOf(sample: string, { name, type }: { name: string; type: string }): boolean {
  return type === 'histogram'
    ? [`${name}_bucket`, `${name}_sum`, `${name}_count`].includes(sample)
    : sample === name;
}

function parseSample(line: string): Sample {
  const [, name = '', labels = '', value = ''] = SAMPLE.exec(line) ?? assert.fail(`no sample: ${line}`);
  const found: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < labels.length) {
    const [, label = '', text = ''] = LABEL.exec(labels) ?? assert.fail(`no labels: ${labels}`);
    found[label] = text.replaceAll(/\\(.)/g, (_all, char: string) => (char === 'n' ? '\n' : char));
  }
  return { name, labels: found, value: value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value) };
}

/** The value of the one sample with exactly these labels; 0 when there is none. */
export function sampleOf(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>>,
): number {
  const wanted = JSON.stringify(Object.entries(labels).sort());
  const found = [...families.values()]
    .flatMap(({ series }) => series)
    .filter(
      (sample) => sample.name === name && JSON.stringify(Object.entries(sample.labels).sort()) === wanted,
    );
  assert.ok(found.length <= 1, `${name} ${wanted} comes ${found.length} times`);
  return found[0]?.value ?? 0;
}
