import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HairspringError } from '../../core/index.ts';

/**
 * Makes `storeDir` where it is missing and proves that it can be written, by writing: modes alone do not tell.
 * @throws HS_DATA_DIR
 */
export async function ensureWritable(storeDir: string): Promise<void> {
  const probe = join(storeDir, `.probe-${randomUUID()}`);
  try {
    await mkdir(storeDir, { recursive: true });
    await writeFile(probe, '');
    await rm(probe);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new HairspringError('HS_DATA_DIR', `Cannot write the data folder "${storeDir}": ${reason}`, {
      cause: error,
    });
  }
}
