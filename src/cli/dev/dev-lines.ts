import type { InvocationEvent, LogLine } from '../../control/index.ts';
import type { ColdReason, HairspringError, LogLevel } from '../../core/index.ts';
import { describeBinding, describeLimits, describeTrigger } from '../deploy/describe.ts';
import { renderGrants } from '../deploy/grants.ts';
import type { SampleRequest } from '../deploy/sample.ts';
import { renderWarning, warningsOf } from '../deploy/warnings.ts';
import { countOf, formatElapsed, timeOfDay } from '../shell/format.ts';
import { isShown } from '../shell/level-option.ts';
import { renderLogLine } from '../shell/log-line.ts';
import type { Output } from '../shell/output.ts';
import { printable } from '../shell/printable.ts';
import { renderTable } from '../shell/table.ts';
import type { DevFunction, UpdateOutcome } from './dev-function.ts';
import { shellQuote } from './shell-quote.ts';
import type { TryFlags } from './try-flags.ts';
import type { TryOut } from './try-outs.ts';

/** What `dev` prints, in the order in which it happens. */
export interface DevLines {
  table(functions: readonly DevFunction[], tryOuts: readonly TryOut[], flags: TryFlags): void;
  update(outcome: UpdateOutcome): void;
  undeployed(name: string): void;
  invocation(event: InvocationEvent): void;
  log(name: string, line: LogLine, floor: LogLevel): void;
  info(text: string): void;
  failure(error: HairspringError): void;
}

export function createDevLines(output: Output): DevLines {
  const { paint } = output;
  const stamp = (): string => paint.dim(timeOfDay(new Date()));

  function table(functions: readonly DevFunction[], tryOuts: readonly TryOut[], flags: TryFlags): string {
    const rows = functions.flatMap(({ current }) => {
      if (current === undefined) return [];
      const { manifest } = current.prepared;
      const { triggers, bindings, limits } = manifest.start;
      return [
        [
          paint.bold(manifest.name),
          triggers.map(describeTrigger).join(', ') || '–',
          Object.entries(bindings)
            .map(([label, binding]) => describeBinding(label, binding))
            .join('; ') || '–',
          describeLimits(limits),
        ],
      ];
    });
    const heading = ['FUNCTION', 'TRIGGERS', 'BINDINGS', 'LIMITS'].map((text) => paint.dim(text));
    const tries = tryOuts.flatMap(({ name, sample, request }) => {
      const curls = request === undefined ? [] : [curlOf(request)];
      if (sample === undefined)
        return request === undefined ? [`hairspring invoke ${name}${flags.hairspring}`] : curls;
      const payload = shellQuote(sample.payload);
      return [
        ...curls,
        `nats req ${sample.subject} ${payload}${flags.nats}`,
        `hairspring invoke ${name} ${payload} --subject ${sample.subject}${flags.hairspring}`,
      ];
    });
    return [
      '',
      renderTable([heading, ...rows], '  '),
      '',
      `  ${paint.dim('Try')}`,
      ...tries.map((line) => `  ${paint.cyan(line)}`),
      '',
    ].join('\n');
  }

  return {
    table(functions, tryOuts, flags) {
      const described = functions.flatMap(({ current }) => (current === undefined ? [] : [current.deployed]));
      output.event({ event: 'functions', functions: described, samples: tryOuts }, () =>
        described.length === 0 ? paint.yellow('  no function runs yet') : table(functions, tryOuts, flags),
      );
    },
    update(outcome) {
      if (outcome.kind === 'unchanged') return;
      if (outcome.kind === 'refused') {
        output.error(outcome.error);
        if (outcome.isRunning) this.info('the version before keeps running');
        return;
      }
      const { deployed, isFirst, elapsedMs, prepared } = outcome;
      const verb = isFirst ? 'deployed' : 'redeployed';
      output.event({ event: verb, ...deployed, elapsedMs }, () => {
        const line = `${stamp()} ${paint.green('↻')} ${paint.bold(deployed.name)} ${verb} as ${deployed.version} in ${formatElapsed(elapsedMs)}`;
        const warnings = warningsOf(prepared);
        return [
          line,
          ...(deployed.grants.length === 0 ? [] : [renderGrants(deployed.grants, paint, '  ')]),
          ...warnings.map((warning) => renderWarning(warning, paint)),
        ].join('\n');
      });
    },
    undeployed(name) {
      output.event(
        { event: 'undeployed', name },
        () => `${stamp()} ${paint.yellow('–')} ${paint.bold(name)} undeployed: its Nexfile is gone`,
      );
    },
    invocation(event) {
      output.event({ event: 'invocation', ...event }, () => {
        const status = event.status === 'ok' ? paint.green('ok') : paint.red(event.status);
        const cold =
          event.coldMs === undefined ? 'warm' : paint.yellow(describeCold(event.coldMs, event.coldReason));
        const dropped =
          event.dropped === undefined ? '' : paint.dim(`  (${countOf(event.dropped, 'line')} left out)`);
        return `${stamp()} ${paint.bold(printable(event.name))}  ${printable(event.subject)}  ${status}  ${cold}  ${formatElapsed(event.durationMs)}${dropped}`;
      });
    },
    log(name, line, floor) {
      if (!isShown(line.level, floor)) return;
      output.event({ event: 'log', name, ...line }, () => `${stamp()} ${renderLogLine(name, line, paint)}`);
    },
    info(text) {
      output.event({ event: 'info', text }, () => `${stamp()} ${paint.dim(text)}`);
    },
    failure(error) {
      output.error(error);
    },
  };
}

/** `cold 1.2ms (first)`; nodes of before do not say why. */
function describeCold(coldMs: number, reason: ColdReason | undefined): string {
  return `cold ${formatElapsed(coldMs)}${reason === undefined ? '' : ` (${reason})`}`;
}

function curlOf({ method, url, payload }: SampleRequest): string {
  const words = [
    ...(method === 'GET' ? [] : ['-X', method]),
    ...(payload === '' ? [] : ['--data-binary', shellQuote(payload)]),
  ];
  return ['curl', ...words, /^[\w:/.-]+$/.test(url) ? url : shellQuote(url)].join(' ');
}
