/*
 * The forms of names. Their package is loaded with the first name: it takes 25 ms, and every command reads the params of every source.
 */
const library = () => require('@atcute/lexicons/syntax') as typeof import('@atcute/lexicons/syntax')

export const isDid = (text: string): boolean => library().isDid(text)
export const isHandle = (text: string | null | undefined): text is string => library().isHandle(text)
export const isNsid = (text: string): boolean => library().isNsid(text)
export const isRecordKey = (text: string): boolean => library().isRecordKey(text)
export const isTid = (text: string): boolean => library().isTid(text)
