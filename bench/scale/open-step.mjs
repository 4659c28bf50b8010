/**
 * Opens a compiled database and closes it: what a process pays before it can scan. Usage:
 * node open-step.mjs INDEX [DIRECTORY]; the cache is that of the environment.
 */
const [index, directory] = process.argv.slice(2)
const { openDatabase } = await import(index)
const db = await openDatabase(directory)
await db.close()
