/** `npm run soak`: a real node under load for long, looked at from outside; --help lists the options. */
import { parseSoakOptions, type SoakOptions, USAGE } from './options.ts';
import { type Findings, renderFindings } from './report.ts';
import { runMixed } from './scenarios/mixed.ts';
import { runSigstop } from './scenarios/sigstop.ts';
import { runSlowGuest } from './scenarios/slow-guest.ts';
import { startSoakWorld } from './world.ts';

const RUN = { mixed: runMixed, sigstop: runSigstop, 'slow-guest': runSlowGuest } as const;

async function soak(options: SoakOptions): Promise<void> {
  let findings: Findings;
  {
    await using world = await startSoakWorld();
    findings = await RUN[options.scenario](world, options, (line) => console.error(line));
  }
  if (options.json) console.log(JSON.stringify({ options, ...findings }, null, 2));
  else for (const line of renderFindings(findings)) console.log(line);
  if (findings.verdicts.some(({ passed }) => !passed)) process.exitCode = 1;
}

if (process.argv.includes('--help')) console.log(USAGE);
else {
  let options: SoakOptions | undefined;
  try {
    options = parseSoakOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    process.exitCode = 2;
  }
  if (options !== undefined) await soak(options);
}
