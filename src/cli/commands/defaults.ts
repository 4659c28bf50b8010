/** `--db` means the same in every command that reads a database. */
export const DB_HELP = 'directory of prints to compare with (default: the database that comes with binprint)'

/** Where `index` writes when nothing is said. Beside the user's work, never into the installed package. */
export const DEFAULT_PRINTS = 'prints'
