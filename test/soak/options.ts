import { parseArgs } from 'node:util';

export const SCENARIOS = ['mixed', 'sigstop', 'slow-guest'] as const;

export interface SoakOptions {
  readonly scenario: (typeof SCENARIOS)[number];
  /** How long the load lasts. */
  readonly minutes: number;
  /** Instead of a time: until so many requests were sent. */
  readonly invocations: number | undefined;
  /** Requests a second. */
  readonly perSecond: number;
  /** Names of the functions that are asked, to find out which of them leaks; empty for all. */
  readonly only: readonly string[];
  /** Deploys a second, of each kind. */
  readonly churnPerSecond: number;
  /** How long a process is stopped in the scenario `sigstop`. */
  readonly stopSeconds: number;
  /** Print one JSON document instead of the table. */
  readonly json: boolean;
}

export const USAGE = `npm run soak -- [OPTIONS]

  --scenario NAME     mixed (default): mixed functions and churn of deploys, judged from outside
                      sigstop: a cell, the host and nats-server are stopped in turn under full load
                      slow-guest: guests that burn all CPU; what the host and the server feel of it
  --minutes N         how long the load lasts, default 20 (slow-guest: 1)
  --invocations N     until so many requests were sent, instead
  --rate N            requests a second, default 700
  --only NAMES        ask these functions only (comma-separated), to find out which of them leaks
  --churn N           deploys a second of each kind, default 1
  --stop-seconds N    of the scenario sigstop, default 15
  --json              all figures as JSON on standard output

Ends with 1 when a figure is beyond its limit.`;

/** @throws Error with a sentence for the user */
export function parseSoakOptions(args: readonly string[]): SoakOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenario: { type: 'string', default: 'mixed' },
      minutes: { type: 'string' },
      invocations: { type: 'string' },
      rate: { type: 'string', default: '700' },
      only: { type: 'string', default: '' },
      churn: { type: 'string', default: '1' },
      'stop-seconds': { type: 'string', default: '15' },
      json: { type: 'boolean', default: false },
    },
  });
  const scenario = SCENARIOS.find((name) => name === values.scenario);
  if (scenario === undefined)
    throw new Error(`There is no scenario "${values.scenario}"; there are ${SCENARIOS.join(', ')}`);
  return {
    scenario,
    minutes: positive('minutes', values.minutes ?? (scenario === 'slow-guest' ? '1' : '20')),
    invocations: values.invocations === undefined ? undefined : positive('invocations', values.invocations),
    perSecond: positive('rate', values.rate),
    only: values.only.split(',').filter((name) => name !== ''),
    churnPerSecond: number('churn', values.churn, 0),
    stopSeconds: positive('stop-seconds', values['stop-seconds']),
    json: values.json,
  };
}

function positive(name: string, text: string): number {
  return number(name, text, Number.MIN_VALUE);
}

function number(name: string, text: string, min: number): number {
  const value = Number(text);
  if (!(value >= min)) throw new Error(`--${name} ${text} is not a number ${min > 0 ? 'above 0' : 'from 0'}`);
  return value;
}
