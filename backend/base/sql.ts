/** Read-only statements, outside any transaction. */
export interface Reader {
  query<Row extends object>(sql: string, values?: readonly unknown[]): Promise<Row[]>
}
/** Statements inside the page transaction. */
export interface Tx extends Reader {
  readonly inTransaction: true
}

/**
 * That a moment is reached, as a statement that finds what is due asks it. An index ends where the condition does: by clock_timestamp(),
 * which moves while the statement runs, all that is due later would be read as well.
 */
export const isDue = (column: string): string => `${column} <= statement_timestamp()`
