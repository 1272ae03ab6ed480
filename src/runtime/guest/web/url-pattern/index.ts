/** https://urlpattern.spec.whatwg.org */
import { URLPattern } from 'urlpattern-polyfill/urlpattern';
import { defineInterface } from '../shared/idl.ts';

defineInterface(URLPattern, 'URLPattern');

export { URLPattern };
