import { Client, type Connection, type Submittable } from 'pg'

/** What node-postgres calls of a statement that takes data; see the query of pg's `lib/query.js`. */
class CopyIn implements Submittable {
  readonly done: Promise<void>
  private resolve: () => void = () => undefined
  private reject: (error: Error) => void = () => undefined
  constructor(
    private readonly sql: string,
    private readonly data: Buffer,
  ) {
    this.done = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
  }
  submit(connection: Connection): void {
    ;(connection as unknown as { query(sql: string): void }).query(this.sql)
  }
  handleCopyInResponse(connection: { sendCopyFromChunk(chunk: Buffer): void; endCopyFrom(): void }): void {
    connection.sendCopyFromChunk(this.data)
    connection.endCopyFrom()
  }
  handleCommandComplete(): void {}
  handleReadyForQuery(): void {
    this.resolve()
  }
  handleError(error: Error): void {
    this.reject(error)
  }
}

/** Lets Postgres read a file by its own `copy … from stdin`, on a connection of its own: those of a `Db` take no statements with data. */
export async function copyIn(url: string, sql: string, data: Buffer): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const copy = new CopyIn(sql, data)
    client.query(copy)
    await copy.done
  } finally {
    await client.end()
  }
}
