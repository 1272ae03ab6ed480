import type { Binding, StartRequest } from '../../core/index.ts';
import { describeGrant } from '../deploy/describe.ts';

/** File beside the Nexfile with the type of what the handler finds in `env`. */
export const ENV_TYPES_FILE = 'hairspring-env.d.ts';

/** Types of `hairspring/guest`, by the host service of the binding; or `string`. A new host service has one line here. */
const GUEST_TYPES: Readonly<Record<Binding['service'], string>> = {
  kv: 'KvBucket',
  objectstore: 'ObjectBucket',
  http: 'HttpClient',
  messaging: 'Messaging',
  secret: 'string',
};

/** The text of {@link ENV_TYPES_FILE}. The same Nexfile makes the same text. */
export function renderEnvTypes({
  bindings,
  environment,
}: Pick<StartRequest, 'bindings' | 'environment'>): string {
  const members = [
    ...Object.entries(bindings).flatMap(([label, binding]) => [
      `  /** ${inComment(describeGrant(binding))} */`,
      `  readonly ${label}: ${GUEST_TYPES[binding.service]};`,
    ]),
    ...Object.keys(environment).map((name) => `  readonly ${name}: string;`),
  ];
  const used = new Set(Object.values(bindings).map(({ service }) => GUEST_TYPES[service]));
  const imported = [...used].filter((type) => type !== 'string').sort();
  return [
    '// Made from the Nexfile by `hairspring types`. Change the Nexfile, and run it again.',
    ...(imported.length === 0 ? [] : [`import type { ${imported.join(', ')} } from 'hairspring/guest';`]),
    '',
    '/** What the handler finds in `env`. */',
    ...(members.length === 0 ? ['export interface Env {}'] : ['export interface Env {', ...members, '}']),
    '',
  ].join('\n');
}

/** A pattern of URLs may have in it what ends a comment. */
function inComment(text: string): string {
  return text.replaceAll('*/', '*\\/');
}
