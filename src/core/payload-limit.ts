interface Connection {
  readonly info?: { readonly max_payload: number } | undefined;
}

/** What the server of a connection takes in one message; without a connection, what it took last. */
export class PayloadLimit {
  readonly #connection: Connection;
  #bytes = Number.POSITIVE_INFINITY;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#bytes = this.bytes;
  }

  get bytes(): number {
    this.#bytes = this.#connection.info?.max_payload ?? this.#bytes;
    return this.#bytes;
  }
}
