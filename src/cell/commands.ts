import { type CellCommands, type CellStats, HairspringError, orLate } from '../core/index.ts';
import { type Assignment, type CellParts, takeAssignment } from './assignment.ts';
import { changeOver } from './change-over.ts';
import { createChecker } from './check-function.ts';
import { drain } from './drain.ts';
import { flushWhenBack } from './flush-when-back.ts';
import { isEncrypted } from './held-transport.ts';
import type { CommandHandlers } from './host-link.ts';
import { Inspections, withoutHurry } from './inspections.ts';

/** How long the connection may be away before functions count as active all the same. */
const FLUSH_WITHIN_MS = 5_000;

/** What changes while a cell lives. */
export interface CellState {
  /** Undefined until the cell has a namespace. */
  assignment: Assignment | undefined;
}

/** What the cell does for each command of the host; the first `assign` gives `state` its assignment. */
export function createCommands(parts: CellParts, state: CellState): CommandHandlers {
  const { options, clock, link, journal, pool, codes } = parts;
  const inspections = new Inspections(clock);
  let draining = false;
  let changed: Promise<void> = Promise.resolve();

  async function assign(params: CellCommands['assign']['params']): Promise<CellCommands['assign']['result']> {
    const taken = await takeAssignment(parts, params);
    const { nc } = taken;
    state.assignment = taken;
    nc.closed()
      .then((reason) => {
        if (!draining)
          link.send({ type: 'closed', reason: reason instanceof Error ? reason.message : 'closed' });
      })
      .catch(() => undefined);
    return { encrypted: isEncrypted(nc) };
  }

  function serving(): Assignment {
    if (state.assignment === undefined)
      throw new HairspringError('HS_INTERNAL', 'The cell has no namespace yet');
    return state.assignment;
  }

  return {
    assign,
    check: createChecker(parts),
    async activate({ specs, credentials, coldReason, secrets: sealed }) {
      await changed;
      const { nc, table, secrets, connections } = serving();
      const unhurried = options.inspect ? specs.map(withoutHurry) : specs;
      const prepared = secrets.prepare(unhurried, sealed, coldReason === 'crash');
      connections.admit(
        prepared.map(({ spec }) => spec),
        credentials,
      );
      const active = prepared.map(({ spec, own }) => table.activate(spec, coldReason, own));
      // What is subscribed is subscribed anew on the next connection; the host gives a cell up that does not answer.
      await orLate(flushWhenBack(nc), clock, FLUSH_WITHIN_MS);
      codes.preload(specs);
      return {
        sids: active.map(({ triggers }) => triggers),
        invokeSids: active.map(({ invoke }) => invoke),
        refused: specs.map(({ id }) => table.refusedSubject(id) ?? ''),
      };
    },
    async renew({ nats, credentials, atOnce }) {
      const serves = serving();
      serves.endpoint = nats;
      serves.connections.renew(credentials, atOnce);
      changed = changeOver(serves.nc, clock);
      await changed;
      return null;
    },
    openSecret({ secret }) {
      serving().secrets.open(secret);
      return null;
    },
    async deactivate({ id }) {
      const { table, feed } = serving();
      await table.deactivate(id);
      feed.forget(id);
      return null;
    },
    adopt({ messages }) {
      journal.adopting(messages.map(({ reply }) => reply));
      serving().table.adopt(messages);
      journal.adopted();
      return null;
    },
    cancel: ({ id, invocationId }) => ({
      cancelled: state.assignment?.table.cancel(id, invocationId ?? undefined) ?? 0,
    }),
    inspect({ sessionId, id, action, message }) {
      const listen = (text: string | null): void =>
        link.send({ type: 'inspected', sessionId, message: text });
      if (action === 'open') inspections.open(sessionId, serving().table.runner(id), listen);
      else if (action === 'message') inspections.send(sessionId, message);
      else inspections.close(sessionId);
      return null;
    },
    tap({ untilMs }) {
      state.assignment?.feed.tap(untilMs);
      return null;
    },
    stats({ functionIds }): CellStats {
      const table = state.assignment?.table;
      return {
        rssBytes: process.memoryUsage.rss(),
        warm: table?.warm ?? 0,
        spareIsolates: pool.size,
        warmBytes: table?.warmBytes ?? 0,
        codeBytes: codes.bytes,
        refills: pool.refills.count,
        refillMs: pool.refills.totalMs,
        inFlight: table?.inFlight ?? 0,
        droppedReplies: state.assignment?.droppedReplies ?? 0,
        functions: table?.stats(functionIds) ?? [],
      };
    },
    async drain({ graceMs }) {
      draining = true;
      if (state.assignment === undefined) return null;
      await changed;
      await drain(state.assignment, clock, graceMs);
      return null;
    },
  };
}
