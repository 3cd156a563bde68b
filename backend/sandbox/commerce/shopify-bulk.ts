import { GraphQLError } from 'graphql'
import type { SandboxSettings } from '../base/source'
import { BulkOperation, type BulkStatus } from './shopify-bulk-operation'
import { BadBulkQuery, bulkQueryOf } from './shopify-bulk-query'
import { type Connection, connectionOf, type Doc, type Entry } from './shopify-connection'
import type { Listing } from './shopify-lists'
import { entriesOf, idOf, type Reader } from './shopify-root'
import { searchOf } from './shopify-search'
import { gid } from './shopify-store'

/** Of an app in a shop, at a time. */
const MAX_RUNNING = 5
const FIRST_ID = 4_000_000_000_000
/** A file can be read for so long after the end, ms. */
const FILE_MS = 7 * 86_400_000
const FOREIGN = 'https://files.example'

const textOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z'))

interface UserError {
  code?: string
  field: string[] | null
  message: string
}

/** The bulk operations of all shops. */
export class BulkOperations {
  private readonly all = new Map<number, BulkOperation>()

  constructor(
    private readonly settings: SandboxSettings,
    /** Objects that an operation reads in a second. */
    private readonly perSecond: number,
  ) {}

  private now(): number {
    return this.settings.context.clock()
  }

  private of({ parts }: Reader): BulkOperation[] {
    const { number } = parts.store.user
    const own = [...this.all.values()].filter(({ task }) => task.user === number)
    for (const operation of own) operation.advance(this.now())
    return own
  }

  /** The fields at the root that concern bulk operations. @param origin where the files are */
  rootOf(reader: Reader, origin: string) {
    const doc = (operation: BulkOperation): Doc => this.doc(operation, origin)
    const known = (id: string): BulkOperation | undefined => this.of(reader).find(({ task }) => task.id === idOf('BulkOperation', id))
    return {
      bulkOperation: ({ id }: { id: string }): Doc | null => {
        const operation = known(id)
        operation?.poll()
        return operation ? doc(operation) : null
      },
      bulkOperations: (listing: Listing): Connection => {
        const check = searchOf<BulkOperation>(listing.query, {
          id: { of: ({ task }) => task.id },
          created_at: { of: ({ task }) => task.createdAt / 1000 },
          status: { of: ({ status }) => status },
          operation_type: { of: () => 'query' },
        })
        const entries = this.of(reader).filter(check)
        return connectionOf(
          entries.map((one) => ({ value: Math.floor(one.task.createdAt), id: one.task.id, doc: () => doc(one) })),
          listing,
        )
      },
      bulkOperationRunQuery: ({ query, groupObjects }: { query: string; groupObjects: boolean }) => {
        const started = this.start(reader, query, groupObjects)
        if (started instanceof BulkOperation) return { bulkOperation: doc(started), userErrors: [] }
        return { bulkOperation: null, userErrors: [started] }
      },
      bulkOperationCancel: ({ id }: { id: string }) => {
        const operation = known(id)
        if (operation?.isRunning) operation.cancel()
        const message = operation ? 'The bulk operation is not running' : 'Bulk operation does not exist'
        const errors: UserError[] = operation?.isRunning ? [] : [{ field: ['id'], message }]
        return { bulkOperation: operation ? doc(operation) : null, userErrors: errors }
      },
    }
  }

  private start(reader: Reader, text: string, isGrouped: boolean): BulkOperation | UserError {
    const running = this.of(reader).filter(({ isRunning }) => isRunning)
    const [oldest] = running
    if (reader.take('shopify-bulk-busy')) {
      const id = gid('BulkOperation', oldest?.task.id ?? FIRST_ID)
      const message = `A bulk query operation for this app and shop is already in progress: ${id}.`
      return { code: 'OPERATION_IN_PROGRESS', field: null, message }
    }
    if (running.length >= MAX_RUNNING)
      return { code: 'LIMIT_REACHED', field: null, message: 'Bulk operations limit reached. Please try again later.' }
    try {
      return this.add(reader, text, isGrouped)
    } catch (error) {
      if (!(error instanceof BadBulkQuery || error instanceof GraphQLError)) throw error
      return { code: 'INVALID', field: ['query'], message: error.message }
    }
  }

  private add(reader: Reader, text: string, isGrouped: boolean): BulkOperation {
    const query = bulkQueryOf(text)
    const { take } = reader
    const id = FIRST_ID + this.all.size
    const task = {
      id,
      user: reader.parts.store.user.number,
      text,
      query,
      roots: rootsOf(reader, query),
      isGrouped,
      createdAt: this.now(),
      perSecond: this.perSecond,
      faults: {
        fails: take('shopify-bulk-fails'),
        short: take('shopify-bulk-short'),
        malformed: take('shopify-bulk-malformed'),
        orphan: take('shopify-bulk-orphan'),
        cut: take('shopify-bulk-cut'),
        foreign: take('shopify-bulk-foreign-host'),
      },
    }
    const operation = new BulkOperation(task, this.settings.speed)
    this.all.set(id, operation)
    return operation
  }

  private doc(operation: BulkOperation, origin: string): Doc {
    const { task, status, errorCode, objects, done, completedAt, size, hasPart } = operation
    const place = `${task.faults.foreign ? FOREIGN : origin}/${task.id}.jsonl?signature=${signatureOf(operation)}`
    const isWhole = status === 'COMPLETED' && size > 0
    return {
      __typename: 'BulkOperation',
      id: gid('BulkOperation', task.id),
      type: 'QUERY',
      status,
      errorCode,
      createdAt: textOf(task.createdAt),
      completedAt: textOf(completedAt),
      objectCount: String(objects),
      rootObjectCount: String(done),
      fileSize: isWhole ? String(size) : null,
      url: isWhole ? place : null,
      partialDataUrl: hasPart ? place : null,
      query: task.text,
    }
  }

  /** The operation whose file a signed address names; undefined for a wrong signature, and after seven days. */
  fileOf(id: number, signature: string | null): BulkOperation | undefined {
    const operation = this.all.get(id)
    if (!operation || operation.isRunning || signature !== signatureOf(operation)) return undefined
    return this.now() - (operation.completedAt ?? operation.task.createdAt) <= FILE_MS ? operation : undefined
  }

  /** How many operations of a shop there are, by status. */
  statusOf(user: number): Partial<Record<BulkStatus, number>> {
    const counts: Partial<Record<BulkStatus, number>> = {}
    for (const { task, status } of this.all.values()) if (task.user === user) counts[status] = (counts[status] ?? 0) + 1
    return counts
  }

  reset(): void {
    this.all.clear()
  }
}

/** Null where the scopes of the reader deny them. @throws {GraphQLError} for a search that is none */
function rootsOf(reader: Reader, { root, listing }: ReturnType<typeof bulkQueryOf>): Entry[] | null {
  try {
    // In the order in which a page of everything has them.
    const entries = entriesOf(reader)[root](listing)
    const sign = listing.reverse ? -1 : 1
    return entries.sort((a, b) => sign * (a.value - b.value || a.id - b.id))
  } catch (error) {
    if (!(error instanceof GraphQLError) || error.extensions.code !== 'ACCESS_DENIED') throw error
    return null
  }
}

const signatureOf = ({ task }: BulkOperation): string => (task.id * 7919).toString(36)
