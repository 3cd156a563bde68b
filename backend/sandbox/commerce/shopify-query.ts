import { type DocumentNode, type FragmentDefinitionNode, GraphQLError, Kind, parse, validate } from 'graphql'
import { SHOPIFY_SCHEMA } from './shopify-schema'

/** A document that fits the schema, or what is wrong with it. */
export function parsedQuery(query: string): { document: DocumentNode } | { errors: readonly GraphQLError[] } {
  try {
    const document = parse(query)
    const errors = validate(SHOPIFY_SCHEMA, document)
    return errors.length > 0 ? { errors } : { document }
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error
    return { errors: [error] }
  }
}

export const fragmentsOf = ({ definitions }: DocumentNode): Record<string, FragmentDefinitionNode> =>
  Object.fromEntries(definitions.filter((one) => one.kind === Kind.FRAGMENT_DEFINITION).map((one) => [one.name.value, one]))
