/** The verbs of the public API that the commands use. */
export type Api = Pick<
  typeof import('../index.ts'),
  | 'openDatabase'
  | 'scanFile'
  | 'scanPaths'
  | 'scanImage'
  | 'sweepImages'
  | 'imageOf'
  | 'findComponent'
  | 'explain'
  | 'indexRelease'
  | 'buildDatabase'
  | 'addToDatabase'
  | 'removeFromDatabase'
  | 'verifyDatabase'
  | 'describeDatabase'
  | 'diffDatabases'
  | 'mergeDatabases'
  | 'exportDatabase'
  | 'importDatabase'
  | 'updateDatabase'
  | 'catalogNames'
  | 'readLabels'
  | 'readPredictions'
  | 'readFileComponents'
  | 'evaluate'
>

/** A stream of text that may be a terminal. */
export interface Output {
  /** Resolves when the text has left the process's buffer; a closed pipe counts as success. */
  write(text: string): Promise<void>
  readonly isTerminal: boolean
  /** Characters per line, undefined where there is no terminal. */
  readonly columns: number | undefined
}

/** Everything of the process that a command may touch; tests pass their own. */
export interface Context {
  /** Loads the public API; deferred, so that help and usage errors do not wait for it. */
  readonly loadApi: () => Promise<Api>
  readonly stdout: Output
  readonly stderr: Output
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Fires on the first interrupt. */
  readonly signal: AbortSignal
  /** Of the package. */
  readonly version: string
}

/** Colours are for terminals, unless `NO_COLOR` is set to anything but the empty string or the terminal is dumb. */
export function wantsColour({ stdout, environment }: Context): boolean {
  const refused = environment['NO_COLOR'] !== undefined && environment['NO_COLOR'] !== ''
  return stdout.isTerminal && !refused && environment['TERM'] !== 'dumb'
}
