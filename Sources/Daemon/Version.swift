/// The version that `--version`, the User-Agent and `status` tell.
package let outboxVersion = "0.1.0"
