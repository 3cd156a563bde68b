/** Read-only statements, outside any transaction. */
export interface Reader {
  query<Row extends object>(sql: string, values?: readonly unknown[]): Promise<Row[]>
}
/** Statements inside the page transaction. */
export interface Tx extends Reader {
  readonly inTransaction: true
}
