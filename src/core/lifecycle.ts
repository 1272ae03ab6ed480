/**
 * States of a node, a cell and an instance, with their legal transitions; docs/architecture.md draws them.
 * The node's words are Nex's (`state` in its ping reply).
 */
export const NODE_TRANSITIONS = {
  starting: ['running', 'error', 'stopping'],
  running: ['lameduck', 'stopping', 'error'],
  lameduck: ['stopping'],
  stopping: [],
  error: ['stopping'],
} as const satisfies Record<string, readonly string[]>;

export type NodeState = keyof typeof NODE_TRANSITIONS;

export const CELL_TRANSITIONS = {
  /** The process runs and loads its code. */
  starting: ['spare', 'dead'],
  /** Ready, without a namespace. */
  spare: ['assigned', 'draining', 'dead'],
  /** Serves one namespace. */
  assigned: ['draining', 'dead'],
  draining: ['dead'],
  dead: [],
} as const satisfies Record<string, readonly string[]>;

export type CellState = keyof typeof CELL_TRANSITIONS;

/** Whether `from → to` is in `transitions`. */
export function isTransition<State extends string>(
  transitions: Readonly<Record<State, readonly string[]>>,
  from: State,
  to: State,
): boolean {
  return transitions[from].includes(to);
}
