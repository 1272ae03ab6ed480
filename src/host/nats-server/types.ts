/** Where a nats-server came from. */
export type NatsServerOrigin = 'option' | 'path' | 'cache' | 'release' | 'debian' | 'go';

export interface FoundNatsServer {
  readonly path: string;
  /** `2.14.5` */
  readonly version: string;
  readonly origin: NatsServerOrigin;
}

/** What goes on while a nats-server is looked for; `detail` and `reason` are for people. */
export type FetchProgress =
  /** A way begins that takes time. */
  | { readonly type: 'started'; readonly origin: NatsServerOrigin; readonly detail: string }
  | {
      readonly type: 'downloaded';
      readonly origin: NatsServerOrigin;
      readonly receivedBytes: number;
      readonly totalBytes: number | undefined;
    }
  /** A way gave nothing that can be used; the next one is tried. */
  | { readonly type: 'rejected'; readonly origin: NatsServerOrigin; readonly reason: string }
  /** Another process is fetching; this one waits for its result. */
  | { readonly type: 'waiting'; readonly detail: string }
  | { readonly type: 'installed'; readonly server: FoundNatsServer };

/** An official release with the checksums of its archives. */
export interface NatsRelease {
  /** `2.14.5` */
  readonly version: string;
  /** URL of the folder that holds the archives. */
  readonly baseUrl: string;
  /** Lower-case hex SHA-256 of the archive by `<os>-<arch>`, in Go's words. */
  readonly sha256: Readonly<Record<string, string>>;
}

export interface FindNatsServerOptions {
  /** `--nats-server PATH`; nothing else is tried then. */
  readonly explicitPath?: string;
  /** The user's cache folder, made if missing; see `defaultCacheDir`. */
  readonly cacheDir: string;
  /** Value of `PATH`: where to look for nats-server, apt-get and go. */
  readonly pathVariable: string;
  readonly report: (event: FetchProgress) => void;
  /** Whether to do without the network. @default false */
  readonly offline?: boolean;
  /** @default the pinned official release */
  readonly release?: NatsRelease;
}

/** What a way of fetching gets: a private folder for its work, and how to tell what it does. */
export interface FetchContext {
  readonly workDir: string;
  readonly pathVariable: string;
  readonly report: (event: FetchProgress) => void;
}
