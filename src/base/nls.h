/*
 * nls.h
 *	  Our messages in the language of the session (PostgreSQL manual, "Native
 *	  Language Support").
 *
 * Whoever raises an error includes this: ereport() takes TEXTDOMAIN as it is
 * where it stands, and without this one it would look for our messages among
 * the server's own.  _() and gettext() always look there, so they are of no use
 * here.
 *
 * A text that is not the format of errmsg(), errdetail(), errhint() or
 * errcontext() itself is marked with gettext_noop() where it stands in a table
 * or cannot be translated yet, and goes through qf_translate() before it is
 * used.  test/check_messages holds po/ and the sources together.
 *
 * src/base/nls.h
 */
#ifndef QF_BASE_NLS_H
#define QF_BASE_NLS_H

#undef TEXTDOMAIN
#define TEXTDOMAIN qf_nls_domain()

#define qf_translate(text) dgettext(qf_nls_domain(), text)

extern const char *qf_nls_domain(void);

#endif							/* QF_BASE_NLS_H */
