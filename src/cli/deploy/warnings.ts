import type { Output } from '../shell/output.ts';
import { printable } from '../shell/printable.ts';
import type { PreparedFunction } from './prepare.ts';

/** The last word of names that are given to secrets. */
const NAME = /(?:^|[_.-])(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|KEY|PRIVATE)$/i;

/** What well-known secrets begin with: keys as PEM, seeds of NATS, and tokens of services that mark theirs. */
const VALUE =
  /^(?:-----BEGIN [A-Z ]*PRIVATE KEY|S[ACNOUX][A-Z2-7]{56}$|sk-|sk_live_|gh[pousr]_|github_pat_|glpat-|xox[abp]-|AKIA[A-Z0-9]{16}$)/;

/** What its bundler warns of, and what in its `environment` looks like a secret; without the values. */
export function warningsOf({ bundle, manifest }: PreparedFunction): readonly string[] {
  const exposed = Object.entries(manifest.start.environment)
    .filter(([name, value]) => value !== '' && (NAME.test(name) || VALUE.test(value.trim())))
    .map(
      ([name]) =>
        `${name} looks like a secret, and what is in the environment is stored and shown as it is; ` +
        'set it with `hairspring secret set` and bind it',
    );
  return [...(bundle?.warnings ?? []), ...exposed];
}

/** Source text of somebody else's module may be in it. */
export function renderWarning(text: string, paint: Output['paint']): string {
  return `  ${paint.yellow('warning')}: ${printable(text)}`;
}
