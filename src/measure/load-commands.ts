import { type Child, type ChildSettings, scriptBeside, startChild } from './child.ts';
import type { LoadPids } from './cpu-window.ts';
import type { LoadWindow } from './load-window.ts';
import type { OpenLoadWindow } from './open-load-window.ts';

/** Where messages go and what is in them. */
export interface MessageTarget {
  readonly transport: 'nats';
  readonly subject: string;
  readonly headers: readonly (readonly [string, string])[];
}

/** Where HTTP requests go and what is in them. */
export interface HttpTarget {
  readonly transport: 'http';
  /** On this machine. */
  readonly port: number;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  /** That a good reply has. */
  readonly status: number;
}

export type Target = MessageTarget | HttpTarget;

export interface LoadOptions {
  readonly servers: readonly string[];
  /** Text of a `.creds` file. */
  readonly creds?: string | undefined;
  readonly payloadBase64: string;
  /** Headers of which each makes a reply an error. The first one's value is told. */
  readonly errorHeaders: readonly string[];
  /** How long a single request may take. */
  readonly timeoutMs: number;
}

/** A reply that is an error. */
export interface WrongReply {
  /** The value of the first error header that the reply has, else its status; undefined when there was no reply. */
  readonly code: string | undefined;
  /** The beginning of the reply, or why there was none. */
  readonly text: string;
}

/** How many error replies had each code, in the order in which they came first. */
export interface CountedCodes {
  readonly codes: readonly (readonly [code: string, count: number])[];
}

/** One request of a sequence. */
export interface TimedRequest {
  readonly ms: number;
  readonly wrong: WrongReply | null;
}

/** What a load process can be asked. */
export type LoadProcessCommands = {
  /** Keeps `inFlight` requests under way for a while. */
  readonly load: {
    readonly params: {
      readonly target: Target;
      readonly inFlight: number;
      readonly warmupMs: number;
      readonly windowMs: number;
      readonly pids: LoadPids;
    };
    readonly result: LoadWindow & CountedCodes;
  };
  /** Sends at a fixed rate for a while, whatever becomes of the requests before. */
  readonly openLoad: {
    readonly params: {
      readonly target: Target;
      /** Arrivals in a second. */
      readonly perSecond: number;
      readonly maxOutstanding: number;
      readonly warmupMs: number;
      readonly windowMs: number;
      readonly pids: LoadPids;
    };
    readonly result: OpenLoadWindow & CountedCodes;
  };
  /** Requests one after the other, with a pause before each. Ends with the first wrong reply of another code. */
  readonly sequence: {
    readonly params: {
      readonly targets: readonly Target[];
      readonly pauseMs: number;
      readonly goOnAfter: readonly string[];
    };
    readonly result: readonly TimedRequest[];
  };
  /** Kills a process and asks again and again. @returns milliseconds from the kill to the first good reply; null for none */
  readonly recover: {
    readonly params: { readonly pid: number; readonly target: Target };
    readonly result: number | null;
  };
};

export interface EchoOptions extends Pick<LoadOptions, 'servers' | 'creds'> {
  readonly subject: string;
}

export type HttpEchoCommands = {
  readonly port: { readonly params: null; readonly result: number };
};

/** Starts a process that sends requests and measures, so that its work does not stand in the way of what it measures. */
export function startLoadProcess(
  options: LoadOptions,
  settings: ChildSettings,
): Promise<Child<LoadProcessCommands>> {
  return startChild(scriptBeside(import.meta.url, 'load-process'), options, settings);
}

/** Starts the floor: a bare nats.js responder that sends back what it gets. */
export function startEchoProcess(
  options: EchoOptions,
  settings: ChildSettings = {},
): Promise<Child<Record<never, never>>> {
  return startChild(scriptBeside(import.meta.url, 'echo-process'), options, settings);
}

/** Starts the floor of HTTP: a bare node:http server that sends back what it gets. */
export function startHttpEchoProcess(settings: ChildSettings = {}): Promise<Child<HttpEchoCommands>> {
  return startChild(scriptBeside(import.meta.url, 'http-echo-process'), {}, settings);
}
