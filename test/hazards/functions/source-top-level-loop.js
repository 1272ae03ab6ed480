// class: source
// tries: to hold the thread while it is loaded
// expects: HS_FUNCTION_LOAD
// kills: no

for (;;) {}

export default { message: () => 'never' };
