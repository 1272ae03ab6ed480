// class: source
// tries: to give another handler each time it is looked at
// expects: ok HS_FUNCTION_THREW HS_HANDLER_MISSING
// kills: no
// calls: 6

let looks = 0;

export default {
  get message() {
    looks += 1;
    return looks % 3 === 0 ? 5 : () => 'contained';
  },
};
