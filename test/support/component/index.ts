export { buildComponent, type ComponentText, compileComponent } from './build.ts';
export { externName, joinSections, list, moduleSection, name, section, typeIndex } from './encoding.ts';
export { HANDLER, HTTP_HANDLE, RUN } from './handlers.ts';
export { answer, ECHO, RESULT, storeReply } from './instructions.ts';
export type { FunctionText, TypeText } from './type-list.ts';
export { wrapModule } from './wrap-module.ts';
export type { ImportText } from './wrap-modules.ts';
