import type { HostCallResult } from '../../core/index.ts';
import type { Held } from '../shared/handles.ts';

/** A transfer or a watch that a function has open. */
export interface Opened extends Held {
  /** What comes next, or value null at the end; undefined where nothing is to come. */
  next?(): Promise<HostCallResult>;
  /** Resolves when all that it holds is given back. @default it is by `release` */
  closed?(): Promise<void>;
}
