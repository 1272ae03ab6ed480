import { HairspringError, silentLogger, systemClock } from '../../core/index.ts';
import { DelegatedAccounts, readAccountsFile } from '../../host/index.ts';
import { type CheckContext, type Finding, fail, pass, warn } from './check.ts';

/** Whether the node would be let into every account that a file of `--accounts` names; connects, and changes nothing. */
export async function checkAccountsFile(
  { endpoint, connection }: CheckContext,
  path: string,
): Promise<Finding> {
  try {
    const file = readAccountsFile(path);
    const ways = [...file.namespaces].map(
      ([name, { kind }]) => `${name} by ${kind === 'creds' ? 'credentials' : 'signing key'}`,
    );
    const detail = ways.length === 0 ? 'no namespace' : ways.join(', ');
    if (connection === undefined || endpoint === undefined)
      return warn(`${detail}; not tried, as NATS is not reached`, 'Mend what is wrong with NATS first');
    await using accounts = new DelegatedAccounts({
      file,
      endpoint,
      clock: systemClock,
      logger: silentLogger,
    });
    for (const namespace of file.namespaces.keys()) await accounts.open(namespace);
    const [first, ...others] = file.warnings;
    if (first === undefined) return pass(detail);
    return warn(
      `${detail}; ${[first, ...others].join('; ')}`,
      'Mend it; docs/accounts.md says how files are to be',
    );
  } catch (error) {
    const { message, hint, info, position } = HairspringError.from(error);
    const where = position === undefined ? '' : ` (${position.file}:${position.line})`;
    return fail(`${message}${where}`, hint ?? info.remedy);
  }
}
