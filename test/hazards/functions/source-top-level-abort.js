// class: source
// tries: to abort the process while it is loaded
// expects: HS_FUNCTION_LOAD HS_FUNCTION_MEMORY
// kills: no

const parts = 'x'.repeat(2 ** 28).split('');

export default { message: () => parts.length };
