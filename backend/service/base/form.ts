import { z } from 'zod'
import type { Source } from '../../contract'

/** Whether only the source itself sets a field, when a job is prepared. */
const isPrepared = (field: unknown): boolean => (field as { prepared?: boolean }).prepared === true

const inputSchema = ({ params }: Source) => z.toJSONSchema(params, { io: 'input', unrepresentable: 'any' })

/** The params of a job without the fields that only `prepare` sets, for people. */
export function askedOf(sources: readonly Source[], job: { source: string; params: unknown }): unknown {
  const source = sources.find(({ name }) => name === job.source)
  if (!source?.prepare || typeof job.params !== 'object' || job.params === null) return job.params
  const { properties = {} } = inputSchema(source)
  return Object.fromEntries(Object.entries(job.params).filter(([name]) => !isPrepared(properties[name] ?? {})))
}

/** The params a person may send, as a JSON Schema; unknown fields are refused unless it allows additional ones. */
export function formOf(source: Source): Record<string, unknown> {
  const { $schema: _, ...schema } = inputSchema(source)
  const { properties } = schema
  const asked = properties && Object.fromEntries(Object.entries(properties).filter(([, field]) => !isPrepared(field)))
  return {
    type: 'object',
    ...schema,
    ...(asked && { properties: asked }),
    additionalProperties: schema.additionalProperties ?? !properties,
  }
}
