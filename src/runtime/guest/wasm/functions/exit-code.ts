/** Thrown when a module ends with a code that is no answer; becomes HS_FUNCTION_EXIT. */
export class ExitCode extends Error {}
