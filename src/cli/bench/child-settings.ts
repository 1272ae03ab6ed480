import { getCompileCacheDir } from 'node:module';
import type { ChildSettings } from '../../measure/index.ts';
import type { CommandContext } from '../shell/command.ts';

/** What this process has compiled its children need not compile again; with `--json` stderr stays empty. */
export function childSettings({ env, output }: CommandContext): ChildSettings {
  const compiled = getCompileCacheDir();
  const cache = compiled === undefined ? {} : { NODE_COMPILE_CACHE: compiled };
  return { isSilent: output.json, env: { ...env.variables, ...cache } };
}
