/**
 * Whose fault an error is. `caller`: the message or command was wrong. `function`: the deployed code
 * misbehaved. `deployer`: the Nexfile, source or artifact is wrong. `operator`: the environment needs
 * attention. `system`: Hairspring itself, or what it depends on, failed.
 */
export type ErrorFault = 'caller' | 'function' | 'deployer' | 'operator' | 'system';

export interface ErrorCodeInfo {
  /** HTTP-like status carried in `Nats-Service-Error-Code`. */
  readonly status: number;
  readonly fault: ErrorFault;
  /** Whether sending the very same request again can succeed. */
  readonly retryable: boolean;
  /** What happened, in one sentence without a full stop. */
  readonly summary: string;
  /** What to do about it. */
  readonly remedy: string;
}
