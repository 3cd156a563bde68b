import { costLimitRule } from '@escape.tech/graphql-armor-cost-limit'
import { maxDepthRule } from '@escape.tech/graphql-armor-max-depth'
import {
  type ASTVisitor,
  type DocumentNode,
  type FieldNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  parse,
  TypeInfo,
  type ValidationContext,
  validate,
  visit,
  visitWithTypeInfo,
} from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { faultOf } from './values'

/** Levels of a query; `jobs { edges { node { taskList { edges { node { id` has seven. */
const MAX_LEVELS = 10
/** A list of 200 jobs with every scalar field costs about 30,000. */
const MAX_COST = 50_000
const MAX_ALIASES = 30
/** Fields at the top of one operation. */
const MAX_ROOTS = 20
const MAX_TOKENS = 4000

/** Fields that need queries of their own for each job, and how much one counts. */
const COSTLY: Record<string, number> = {
  lanes: 50,
  errors: 50,
  rejectedBy: 50,
  requests: 50,
  inHand: 50,
  stages: 50,
  notices: 50,
  timeline: 50,
  failures: 50,
  earlierRuns: 50,
  partitions: 100,
  report: 50,
}

const tooLarge = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'TOO_LARGE', http: { status: 400, spec: true } } })

/** A limit's own text without its prefix: `Syntax Error: Query depth limit of 10 exceeded, found 14.` */
const plainly = (error: GraphQLError): GraphQLError => tooLarge(error.message.replace(/^Syntax Error: /, ''))

/** The same field may be selected under many aliases, each as costly as the first. */
const fewAliases = (context: ValidationContext): ASTVisitor => {
  let aliases = 0
  return {
    Field(node) {
      if (node.alias && ++aliases === MAX_ALIASES + 1) context.reportError(tooLarge(`Query alias limit of ${MAX_ALIASES} exceeded.`))
    },
    OperationDefinition(node) {
      if (node.selectionSet.selections.length > MAX_ROOTS)
        context.reportError(tooLarge(`One operation takes at most ${MAX_ROOTS} top-level fields.`))
    },
  }
}

const faulty = (fault: string): GraphQLError => new GraphQLError(fault, { extensions: { code: 'INPUT' } })

const noUnstorable = (context: ValidationContext): ASTVisitor => ({
  StringValue(node) {
    const fault = faultOf(node.value)
    if (fault) context.reportError(faulty(fault))
  },
})

const depthRule = maxDepthRule({
  n: MAX_LEVELS,
  propagateOnRejection: false,
  onReject: [(context, error) => context?.reportError(plainly(error))],
})

/** The default of a variable: the largest of all operations in the document, because any of them may be the one that runs. */
function defaultOf(document: DocumentNode, name: string): number | undefined {
  const definitions = document.definitions.flatMap((one) => (one.kind === Kind.OPERATION_DEFINITION ? (one.variableDefinitions ?? []) : []))
  const values = definitions.flatMap(({ variable, defaultValue }) => (variable.name.value === name ? (defaultValue ?? []) : []))
  const numbers = values.flatMap((value) => (value.kind === Kind.INT ? Number(value.value) : []))
  return numbers.length > 0 ? Math.max(...numbers) : undefined
}

/** The value of `first: $name`; null means the list's own default. */
function sentOf(document: DocumentNode, variables: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(variables, name) ? variables[name] : defaultOf(document, name)
}

/**
 * The document as its cost is counted: `first` with the value it will have, from a variable or the default, and costly fields as if
 * they were lists.
 */
function weighed(schema: GraphQLSchema, document: DocumentNode, variables: Record<string, unknown>): DocumentNode {
  const types = new TypeInfo(schema)
  const weigh = (field: FieldNode): FieldNode | undefined => {
    const declared = types.getFieldDef()?.args.find((arg) => arg.name === 'first')
    const given = field.arguments?.find((arg) => arg.name.value === 'first')?.value
    if (given?.kind === Kind.INT) return undefined
    const wanted = given?.kind === Kind.VARIABLE ? sentOf(document, variables, given.name.value) : undefined
    const weight = declared
      ? Number(wanted ?? declared.defaultValue ?? 1)
      : types.getParentType()?.name === 'Job'
        ? COSTLY[field.name.value]
        : undefined
    if (weight === undefined || !Number.isInteger(weight)) return undefined
    const first = {
      kind: Kind.ARGUMENT,
      name: { kind: Kind.NAME, value: 'first' },
      value: { kind: Kind.INT, value: String(weight) },
    } as const
    return { ...field, arguments: [first, ...(field.arguments ?? []).filter((arg) => arg.name.value !== 'first')] }
  }
  return visit(document, visitWithTypeInfo(types, { Field: weigh }))
}

function costError(schema: GraphQLSchema, document: DocumentNode, variables: Record<string, unknown>): GraphQLError | undefined {
  const found: GraphQLError[] = []
  const onReject = [(_: unknown, error: GraphQLError) => void found.push(plainly(error))]
  const rule = costLimitRule({ maxCost: MAX_COST, propagateOnRejection: false, onReject })
  validate(schema, weighed(schema, document, variables), [rule as never])
  return found[0]
}

interface Execution {
  args: { schema: GraphQLSchema; document: DocumentNode; variableValues?: unknown }
  setResultAndStopExecution(result: { errors: GraphQLError[] }): void
}

/** Variables are known only at execution, and `first: $n` may be any number. */
const boundCost = ({ args, setResultAndStopExecution }: Execution): void => {
  const variables = (args.variableValues ?? {}) as Record<string, unknown>
  const fault = faultOf(variables)
  const error = fault ? faulty(fault) : costError(args.schema, args.document, variables)
  if (error) setResultAndStopExecution({ errors: [error] })
}

/** Refuses queries that would cost too much, before they run. */
export const useLimits = (): Plugin => ({
  onParse: ({ setParseFn }) => setParseFn((source: string, options?: object) => parse(source, { ...options, maxTokens: MAX_TOKENS })),
  onValidate({ addValidationRule }) {
    addValidationRule(depthRule as never)
    addValidationRule(fewAliases)
    addValidationRule(noUnstorable)
  },
  onExecute: (execution) => boundCost(execution as unknown as Execution),
  onSubscribe: (execution) => boundCost(execution as unknown as Execution),
})
