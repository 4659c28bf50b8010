/**
 * Number of the extraction rules. Raise it when any fingerprint changes: prints made with another number must not be
 * compared with these.
 *
 * It stands alone, as a database is opened by it without the extractors.
 */
export const EXTRACTION_VERSION = 2
