import { ENV_TYPES_FILE, renderEnvTypes } from '../types/env-types.ts';

/** The files of a new function by their path. */
export type Template = Readonly<Record<string, string>>;

const JAVASCRIPT = `/** @satisfies {import('hairspring/guest').Handler<import('../${ENV_TYPES_FILE}').Env>} */
const handler = {
  // Called for each message on the subjects of the Nexfile; what it returns is the reply.
  message(msg, env) {
    console.log('greeting', msg.params.name);
    return \`\${env.GREETING}, \${msg.params.name}!\`;
  },
};

export default handler;
`;

const TYPESCRIPT = `import type { Handler } from 'hairspring/guest';
import type { Env } from '../${ENV_TYPES_FILE}';

export default {
  // Called for each message on the subjects of the Nexfile; what it returns is the reply.
  message(msg, env) {
    console.log('greeting', msg.params.name);
    return \`\${env.GREETING}, \${msg.params.name}!\`;
  },
} satisfies Handler<Env>;
`;

const GREETING = 'Hello';

/** What a function sees of the web platform is nearest to what a worker does. */
const TSCONFIG = `{
  "compilerOptions": {
    "target": "esnext",
    "module": "esnext",
    "moduleResolution": "bundler",
    "lib": ["esnext", "webworker"],
    "types": [],
    "strict": true,
    "verbatimModuleSyntax": true,
    "skipLibCheck": true,
    "noEmit": true
  },
  "include": ["src"]
}
`;

/** Names that every reader of YAML takes for text; older ones have more words for yes and no. */
const PLAIN_NAME = /^(?!(?:true|false|null|yes|no|on|off|y|n)$)[a-z_]/i;

/**
 * A function called `name` that greets whom its subject names.
 * @param packageFolder where editors find this package, from the folder of the function
 */
export function createTemplate(
  name: string,
  typescript: boolean,
  packageFolder = './node_modules/hairspring',
): Template {
  const main = typescript ? 'src/index.ts' : 'src/index.js';
  const subject = `${name}.{name}`;
  return {
    Nexfile: `# yaml-language-server: $schema=${packageFolder}/schema/nexfile.schema.json
name: ${PLAIN_NAME.test(name) ? name : JSON.stringify(name)}
type: javascript
lifecycle: function
description: Greets whom the subject names
start_request:
  main: ${main}
  triggers:
    - subject: ${subject}
  environment: { GREETING: ${GREETING} }
`,
    [ENV_TYPES_FILE]: renderEnvTypes({ bindings: {}, environment: { GREETING } }),
    [main]: typescript ? TYPESCRIPT : JAVASCRIPT,
    ...(typescript ? { 'tsconfig.json': TSCONFIG } : {}),
    'samples.json': `[{ "subject": "${name}.ada", "payload": "", "expect": "Hello, ada!" }]\n`,
    'README.md': `# ${name}

Greets whom the subject names: \`${name}.ada\` is answered with \`Hello, ada!\`.

\`\`\`
hairspring dev                            # runs it and follows every edit
nats req ${name}.ada ''                     # any NATS client wakes it
hairspring invoke ${name} --subject ${name}.ada
hairspring types                          # after an edit of bindings or environment
hairspring deploy                         # to the node that commands reach
\`\`\`
`,
    '.gitignore': '.hairspring/\nnode_modules/\n',
  };
}
