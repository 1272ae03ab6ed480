type DOMExceptionConstructor = new (message: string, name: string) => Error;

/** An error of the web platform, of the one class that all features share. */
export function domError(name: string, message: string): Error {
  const DOMException = runtime.use('events')['DOMException'] as DOMExceptionConstructor;
  return new DOMException(message, name);
}

export function quotaExceeded(message: string): Error {
  const QuotaExceededError = runtime.use('events')['QuotaExceededError'] as new (message: string) => Error;
  return new QuotaExceededError(message);
}
