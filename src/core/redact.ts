/** A text of a function without the secrets in it. */
export type Redact = (text: string) => string;
